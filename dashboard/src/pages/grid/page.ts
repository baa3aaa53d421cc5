import { definePage } from '../../page';

export default definePage({
  id: 'grid', group: 'watch', order: 30, paths: ['/grid/:strategy?/:symbol?'], home: '/grid', key: 'g', title: ['Grid', 'Grille'], icon: 'grid', phone: true,
  load: () => import('./Grid'),
});
