import { definePage } from '../../page';

export default definePage({
  id: 'data', group: 'house', order: 130, paths: ['/data'], key: 'b', title: ['Data', 'Données'], icon: 'data',
  load: () => import('./Data'),
});
