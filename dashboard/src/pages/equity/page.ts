import { definePage } from '../../page';

export default definePage({
  id: 'equity', group: 'review', order: 70, paths: ['/equity'], key: 'e', title: ['Equity', 'Capital'], icon: 'equity', load: () => import('./Equity'),
});
