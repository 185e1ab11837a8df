/** The frame of every page: head line, the page, and the login over it when the session is gone. */
import { Link, Outlet } from '@tanstack/react-router';
import { lazy, Suspense, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { session } from '../api/session';
import { LoginPage } from '../features/login/login';
import { usePhoneLifecycle } from '../features/phone/use-phone';
import { AccountMenu, RegistrationState, ThemeMenu } from './head';
import './shell.css';
import { UpdateNotice } from './update-notice';

const LoginDialog = lazy(async () => ({
  default: (await import('../features/login/login-dialog')).LoginDialog,
}));

export function Shell() {
  const { t } = useTranslation();
  usePhoneLifecycle();
  const state = useSyncExternalStore(session.subscribe, session.get);
  if (state === 'out') return <LoginPage />;
  return (
    <div className="dp-shell">
      <a className="dp-skip" href="#content">
        {t('app.skip')}
      </a>
      <header className="dp-head">
        <span className="dp-brand">
          <img src={`${import.meta.env.BASE_URL}favicon.svg`} alt="" width="20" height="20" />
          {t('app.name')}
        </span>
        <nav className="dp-nav" aria-label={t('app.pages')}>
          <Link to="/phone" className="dp-nav__link" activeProps={{ 'aria-current': 'page' }}>
            {t('nav.phone')}
          </Link>
        </nav>
        <span className="dp-spacer" />
        <RegistrationState />
        <ThemeMenu />
        <AccountMenu />
      </header>
      <main id="content" className="dp-page" tabIndex={-1}>
        <UpdateNotice />
        <Outlet />
      </main>
      <Suspense>{state === 'expired' && <LoginDialog />}</Suspense>
    </div>
  );
}
