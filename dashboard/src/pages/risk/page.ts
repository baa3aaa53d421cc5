import { definePage } from '../../page';

export default definePage({
  id: 'risk', group: 'research', order: 110, paths: ['/risk'], key: 'c', title: ['Risk calculator', 'Calcul du risque'], icon: 'risk',
  load: () => import('./Risk'),
});
