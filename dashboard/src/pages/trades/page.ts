import { definePage } from '../../page';

export default definePage({
  id: 'trades', group: 'review', order: 60, paths: ['/trades/:id?'], home: '/trades', key: 't', title: ['Trades', 'Transactions'], icon: 'trades',
  load: () => import('./Trades'),
});
