import { useTranslation } from 'react-i18next';
import { Dialog } from '../../ui/dialog';
import { LoginForm } from './login';

/** Over the page, which keeps all that was typed into it. */
export function LoginDialog() {
  const { t } = useTranslation();
  return (
    <Dialog title={t('login.again')} hint={t('login.againHint')}>
      <LoginForm />
    </Dialog>
  );
}
