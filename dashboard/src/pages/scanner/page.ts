import { definePage } from '../../page';

export default definePage({
  id: 'scanner', group: 'watch', order: 40, paths: ['/scanner/:symbol?'], home: '/scanner', key: 's', title: ['Scanner', 'Scanner'], icon: 'scanner',
  load: () => import('./Scanner'),
});
