import { memo, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatNumber } from '../../format';
import { type Call, isLive } from '../../phone/call-state';
import { CallCard } from './call-card';
import { phone, usePhone, usePhoneReady } from './use-phone';

const isRinging = (call: Call): boolean => call.leg === 'alerting' && isLive(call);

/** A ringing call's card is drawn before anything else, the others beside it not at all. */
const Card = memo(CallCard);

export function Calls({ onCall }: { onCall: (number: string) => void }) {
  const { t } = useTranslation();
  const calls = usePhone((state) => state.calls);
  useCallKeys();
  useRingingTitle(calls);
  return (
    <section className="dp-calls" aria-label={t('call.list')}>
      <Announcer calls={calls} />
      {calls.length === 0 && <EmptyCalls />}
      {calls.map((call) => (
        <Card key={call.key} call={call} onCallAgain={onCall} />
      ))}
    </section>
  );
}

function EmptyCalls() {
  const { t } = useTranslation();
  const ready = usePhoneReady();
  return (
    <div className="dp-panel dp-calls__empty">
      <p className="dp-calls__emptyTitle">{t('call.none')}</p>
      <p className="dp-muted">{ready ? t('call.noneHint') : t('dial.notReady')}</p>
    </div>
  );
}

/** Control+Shift chords: they work while typing and take no letter from anybody. */
function useCallKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!event.ctrlKey || !event.shiftKey) return;
      const { calls } = phone.state.get();
      const ringing = calls.find(isRinging);
      const up = calls.find((call) => call.leg === 'up');
      const actions: Record<string, (() => unknown) | undefined> = {
        KeyA: ringing && (() => phone.answer(ringing)),
        KeyD: (ringing ?? up) && (() => phone.hangUp((ringing ?? up) as Call)),
        KeyM: up && (() => phone.setMuted(up, !up.muted)),
        KeyH: up && (() => phone.setHeld(up, !up.held)),
      };
      const action = actions[event.code];
      if (!action) return;
      event.preventDefault();
      void action();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

function useRingingTitle(calls: Call[]): void {
  const { t } = useTranslation();
  const ringing = calls.find(isRinging);
  useEffect(() => {
    const name = t('app.name');
    document.title = ringing
      ? `☎ ${formatNumber(ringing.number)} · ${name}`
      : `${t('phone.title')} · ${name}`;
  }, [ringing, t]);
}

/** Says each new status once, politely; a ringing call interrupts. */
function Announcer({ calls }: { calls: Call[] }) {
  const { t } = useTranslation();
  const [latest] = calls;
  const [text, setText] = useState('');
  const who = latest ? latest.name || formatNumber(latest.number) : '';
  const status = latest?.status;
  useEffect(() => {
    if (status) setText(t('call.announceStatus', { who, status: t(`call.status.${status}`) }));
  }, [status, who, t]);
  return (
    <p className="dp-hidden" role="status">
      {text}
    </p>
  );
}
