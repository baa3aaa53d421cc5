import { definePage } from '../../page';

export default definePage({
  id: 'system', group: 'house', order: 140, paths: ['/system'], key: 'y', title: ['System', 'Système'], icon: 'system',
  load: () => import('./System'),
});
