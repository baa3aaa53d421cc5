import { definePage } from '../../page';

export default definePage({
  id: 'arena', group: 'review', order: 80, paths: ['/arena'], key: 'a', title: ['Arena', 'Arène'], icon: 'arena', load: () => import('./Arena'),
});
