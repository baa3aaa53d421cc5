import { definePage } from '../../page';

export default definePage({
  id: 'positions', group: 'watch', order: 20, paths: ['/positions/:symbol?'], home: '/positions', key: 'p', title: ['Positions', 'Positions'], icon: 'positions', phone: true,
  load: () => import('./Positions'),
});
