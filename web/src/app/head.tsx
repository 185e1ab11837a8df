import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { logout, session } from '../api/session';
import { phone, usePhone } from '../features/phone/use-phone';
import { DarkIcon, KeptIcon, LightIcon, SystemIcon } from '../ui/icons';
import { Menu } from '../ui/menu';
import { setTheme, THEMES, type Theme, useTheme } from './theme';

const DOTS = { registered: 'good', connecting: 'busy', lost: 'busy', failed: 'bad', off: '' } as const;

export function RegistrationState() {
  const { t } = useTranslation();
  const registration = usePhone((state) => state.registration);
  const kept = usePhone((state) => state.kept);
  const dot = DOTS[registration];
  return (
    <span className="dp-row dp-registration" role="status">
      <span className={`dp-dot ${dot ? `dp-dot--${dot}` : ''}`} aria-hidden="true" />
      {t(`phone.registration.${registration}`)}
      {kept && (
        <span className="dp-kept" role="img" aria-label={t('phone.kept')} title={t('phone.kept')}>
          <KeptIcon aria-hidden="true" />
        </span>
      )}
    </span>
  );
}

const THEME_ICONS: Record<Theme, React.ReactNode> = {
  system: <SystemIcon />,
  light: <LightIcon />,
  dark: <DarkIcon />,
};

export function ThemeMenu() {
  const { t } = useTranslation();
  const theme = useTheme();
  const texts: Record<Theme, string> = {
    system: t('app.themeSystem'),
    light: t('app.themeLight'),
    dark: t('app.themeDark'),
  };
  const items = THEMES.map((key) => ({
    key,
    text: texts[key],
    icon: THEME_ICONS[key],
    selected: key === theme,
  }));
  return (
    <Menu
      label={t('app.theme')}
      icon={THEME_ICONS[theme]}
      items={items}
      onPick={(key) => setTheme(key as Theme)}
    />
  );
}

export function AccountMenu() {
  const { t } = useTranslation();
  const displayName = usePhone(({ profile }) => profile?.displayName);
  const user = useSyncExternalStore(session.subscribe, session.lastUser);
  const leave = async () => {
    phone.stop();
    await logout();
  };
  return (
    <Menu
      label={t('app.account')}
      text={displayName ?? user}
      items={[
        { key: 'licences', text: t('app.licences') },
        { key: 'logout', text: t('app.logout') },
      ]}
      onPick={(key) => {
        if (key === 'logout') void leave();
        else window.open(`${import.meta.env.BASE_URL}licences.txt`, '_blank', 'noopener');
      }}
    />
  );
}
