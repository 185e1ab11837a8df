import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/client';
import { login, session } from '../../api/session';
import { Button } from '../../ui/button';
import { TextField } from '../../ui/field';
import './login.css';

export type LoginError = 'missing' | 'refused' | 'slow' | 'unreachable';

export function loginErrorOf(error: unknown): LoginError {
  if (!(error instanceof ApiError)) return 'unreachable';
  if (error.status === 429) return 'slow';
  return error.status < 500 ? 'refused' : 'unreachable';
}

export function LoginForm() {
  const { t } = useTranslation();
  const [user, setUser] = useState(session.lastUser());
  const [password, setPassword] = useState('');
  const [error, setError] = useState<LoginError>();
  const [busy, setBusy] = useState(false);
  const passwordInput = useRef<HTMLInputElement>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!user || !password) return setError('missing');
    setBusy(true);
    setError(undefined);
    try {
      await login(user, password);
    } catch (reason) {
      setError(loginErrorOf(reason));
      setBusy(false);
      passwordInput.current?.focus();
    }
  };

  return (
    <form className="dp-login__form" onSubmit={submit} noValidate>
      <TextField
        label={t('login.user')}
        name="user"
        autoComplete="username"
        value={user}
        onChange={setUser}
        autoFocus={!user}
      />
      <TextField
        label={t('login.password')}
        name="password"
        type="password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
        error={error && t(`login.${error}`)}
        inputRef={passwordInput}
        autoFocus={!!user}
      />
      <Button tone="primary" submit wide busy={busy}>
        {t('login.submit')}
      </Button>
    </form>
  );
}

export function LoginPage() {
  const { t } = useTranslation();
  return (
    <main className="dp-login">
      <div className="dp-panel dp-login__card">
        <h1 className="dp-login__title">
          <img src={`${import.meta.env.BASE_URL}favicon.svg`} alt="" width="26" height="26" />
          {t('login.title')}
        </h1>
        <LoginForm />
        <p className="dp-login__hint">{t('login.hint')}</p>
      </div>
    </main>
  );
}
