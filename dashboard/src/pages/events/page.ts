import { definePage } from '../../page';

export default definePage({
  id: 'events', group: 'house', order: 120, paths: ['/events'], key: 'v', title: ['Events', 'Événements'], icon: 'events', phone: true,
  load: () => import('./Events'),
});
