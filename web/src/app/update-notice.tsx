/** A tab that stayed open over an upgrade finds its next file gone. It says so, and leaves the moment of reloading to its user. */
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';

export function UpdateNotice() {
  const { t } = useTranslation();
  const [stale, setStale] = useState(false);
  useEffect(() => {
    const onGone = (event: Event) => {
      event.preventDefault();
      setStale(true);
    };
    window.addEventListener('vite:preloadError', onGone);
    return () => window.removeEventListener('vite:preloadError', onGone);
  }, []);
  if (!stale) return null;
  const reload = (
    <Button tone="link" onClick={() => location.reload()}>
      {t('app.reload')}
    </Button>
  );
  return <Notice tone="info" title={t('app.updated')} actions={reload} />;
}
