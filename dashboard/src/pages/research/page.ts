import { definePage } from '../../page';

export default definePage({
  id: 'research', group: 'research', order: 100, paths: ['/research', '/research/runs/:id'], home: '/research', key: 'r', title: ['Research', 'Recherche'], icon: 'research',
  load: () => import('./Research'),
});
