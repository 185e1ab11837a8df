/** What stands between the user and a working phone, one sentence and one button each. */
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button';
import { CopyIcon, MicrophoneIcon } from '../../ui/icons';
import { Notice } from '../../ui/notice';
import { phone, useAudio, usePhone } from './use-phone';

export function PhoneNotices() {
  const stage = usePhone((state) => state.stage);
  const failed = usePhone((state) => !!state.error);
  const deaf = usePhone(
    ({ calls, live }) => !live && calls.some((call) => call.conversationId && call.leg !== 'ended'),
  );
  const { ringBlocked } = useAudio();
  return (
    <div className="dp-phone__notices">
      {stage === 'needsMicrophone' && <PermissionCard />}
      {stage === 'insecure' && <ErrorText errorKey="insecure" />}
      {stage === 'elsewhere' && <Elsewhere />}
      {failed && <PhoneErrorNotice />}
      {ringBlocked && <RingBlocked />}
      {deaf && stage === 'on' && <NoNotifications />}
    </div>
  );
}

function PermissionCard() {
  const { t } = useTranslation();
  const { permission } = useAudio();
  if (permission === 'denied') {
    return (
      <Notice tone="warning" title={t('permission.denied')}>
        {t('permission.deniedHint')}
      </Notice>
    );
  }
  return (
    <section className="dp-panel dp-permission" aria-label={t('permission.title')}>
      <span className="dp-permission__icon" aria-hidden="true">
        <MicrophoneIcon />
      </span>
      <div>
        <h2 className="dp-panel__title">{t('permission.title')}</h2>
        <p className="dp-permission__why">{t('permission.why')}</p>
      </div>
      <span className="dp-spacer" />
      <Button tone="primary" onClick={() => void phone.allowMicrophone()}>
        {t('permission.allow')}
      </Button>
    </section>
  );
}

function ErrorText({ errorKey }: { errorKey: 'insecure' }) {
  const { t } = useTranslation();
  return <Notice tone="danger" title={t(`errors.${errorKey}`)} />;
}

function Elsewhere() {
  const { t } = useTranslation();
  const take = (
    <Button tone="link" onClick={() => phone.takeHere()}>
      {t('phone.useHere')}
    </Button>
  );
  return (
    <Notice tone="info" title={t('phone.elsewhere')} actions={take}>
      {t('phone.elsewhereHint')}
    </Notice>
  );
}

function PhoneErrorNotice() {
  const { t } = useTranslation();
  const error = usePhone((state) => state.error);
  const stage = usePhone((state) => state.stage);
  if (!error) return null;
  const copy = error.conversationId && <CopyId id={error.conversationId} />;
  const lasting = stage === 'noPhone';
  return (
    <Notice
      tone={error.key === 'connectionLost' ? 'warning' : 'danger'}
      title={t(`errors.${error.key}`)}
      actions={copy}
      {...(lasting ? {} : { onClose: () => phone.dismissError(), closeLabel: t('app.close') })}
    >
      {error.detail}
    </Notice>
  );
}

function RingBlocked() {
  const { t } = useTranslation();
  // Any click is the gesture that the browser waits for; this one is for who looks for it.
  const click = <Button tone="link">{t('phone.enableRing')}</Button>;
  return <Notice tone="warning" title={t('phone.ringBlocked')} actions={click} />;
}

function NoNotifications() {
  const { t } = useTranslation();
  return <Notice tone="info" title={t('phone.noNotifications')} />;
}

/** The last eight characters are enough to recognise it; the whole goes to the clipboard. */
export function CopyId({ id }: { id: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await navigator.clipboard.writeText(id);
    setCopied(true);
  };
  return (
    <Button tone="link" inline icon={<CopyIcon />} onClick={() => void copy()}>
      <span className="dp-hidden">{copied ? '' : t('phone.copyId')} </span>
      <span className="dp-mono">{copied ? t('phone.copied') : `…${id.slice(-8)}`}</span>
    </Button>
  );
}
