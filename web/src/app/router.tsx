import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { NotFound } from './not-found';
import { Shell } from './shell';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/phone' });
  },
});

export interface PhoneSearch {
  /** A number to dial, from a link: /ui/phone?to=%2B15559876543 */
  to?: string;
}

const phone = createRoute({
  getParentRoute: () => root,
  path: '/phone',
  validateSearch: (search: Record<string, unknown>): PhoneSearch =>
    typeof search.to === 'string' || typeof search.to === 'number' ? { to: String(search.to) } : {},
  component: lazyRouteComponent(() => import('../features/phone/page'), 'PhonePage'),
});

export const router = createRouter({ routeTree: root.addChildren([home, phone]), basepath: '/ui' });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
