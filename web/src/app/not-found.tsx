import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <div className="dp-page">
      <p>{t('app.notFound')}</p>
      <Link to="/phone">{t('app.toPhone')}</Link>
    </div>
  );
}
