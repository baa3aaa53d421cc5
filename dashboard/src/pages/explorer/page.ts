import { definePage } from '../../page';

export default definePage({
  id: 'explorer', group: 'research', order: 90, paths: ['/explorer'], key: 'x', title: ['Explorer', 'Explorateur'], icon: 'explorer',
  load: () => import('./Explorer'),
});
