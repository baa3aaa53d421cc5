import { definePage } from '../../page';

export default definePage({
  id: 'matrix', group: 'watch', order: 50, paths: ['/matrix'], key: 'm', title: ['Matrix', 'Matrice'], icon: 'matrix',
  load: () => import('./Matrix'),
});
