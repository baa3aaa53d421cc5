import { definePage } from '../../page';

export default definePage({
  id: 'now', group: 'watch', order: 10, paths: ['/'], key: 'n', title: ['Now', 'Maintenant'], icon: 'now', phone: true,
  load: () => import('./Now'),
});
