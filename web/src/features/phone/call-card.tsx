import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatDuration, formatNumber } from '../../format';
import { type Call, isLive, isOver } from '../../phone/call-state';
import { isSpeech } from '../../phone/meter';
import { Button } from '../../ui/button';
import {
  AnsweredIcon,
  CallIcon,
  HangUpIcon,
  HoldIcon,
  KeypadIcon,
  MicrophoneIcon,
  MutedIcon,
} from '../../ui/icons';
import { Keypad } from './keypad';
import { CopyId } from './notices';
import { QualityLine } from './quality-line';
import { reasonText } from './reason-text';
import { StatusSteps } from './status-steps';
import { phone, useLevel, useNow, useQuality } from './use-phone';

export interface CallCardProps {
  call: Call;
  onCallAgain: (number: string) => void;
}

export function CallCard({ call, onCallAgain }: CallCardProps) {
  const { t } = useTranslation();
  const titleId = useId();
  const ringing = call.leg === 'alerting' && isLive(call);
  return (
    <article
      className={`dp-panel dp-call ${ringing ? 'dp-call--ringing' : ''} ${isOver(call) ? 'dp-call--over' : ''}`}
      aria-labelledby={titleId}
      {...(ringing ? { role: 'alertdialog' } : {})}
      data-status={call.status}
    >
      <header className="dp-call__head">
        <div>
          <h2 className="dp-call__number dp-numeric" id={titleId}>
            {call.number ? formatNumber(call.number) : t('call.unknown')}
          </h2>
          <p className="dp-call__line">
            <CallLine call={call} ringing={ringing} />
          </p>
        </div>
        <span className="dp-spacer" />
        <Duration call={call} />
      </header>
      <StatusSteps call={call} />
      <CallReason call={call} />
      {call.leg === 'up' && call.media && (
        <QualityLine legId={call.legId} held={call.held || call.heldByOther} />
      )}
      <CallHints call={call} />
      <CallActions call={call} ringing={ringing} onCallAgain={onCallAgain} />
    </article>
  );
}

function CallLine({ call, ringing }: { call: Call; ringing: boolean }) {
  const { t } = useTranslation();
  const outbound = ringing ? t('call.requested') : t('call.outbound');
  return (
    <>
      {call.name && <strong>{call.name}</strong>}
      <span>{call.direction === 'inbound' ? t('call.inbound') : outbound}</span>
      {call.callerId && (
        <span className="dp-numeric">{t('call.callerId', { callerId: formatNumber(call.callerId) })}</span>
      )}
    </>
  );
}

function Duration({ call }: { call: Call }) {
  const { t } = useTranslation();
  const { connected, disconnected, failed } = call.reachedAt;
  const now = useNow(isLive(call) && connected !== undefined);
  if (!connected) return null;
  return (
    <span className="dp-call__duration dp-numeric" role="timer" aria-label={t('call.duration')}>
      {formatDuration((disconnected ?? failed ?? now) - connected)}
    </span>
  );
}

function CallReason({ call }: { call: Call }) {
  const { t } = useTranslation();
  if (!isOver(call)) return null;
  const missed = call.direction === 'inbound' && !call.reachedAt.connected && call.status === 'disconnected';
  if (missed) return <p className="dp-call__reason">{t('call.missed')}</p>;
  if (!call.reason) return null;
  return <p className="dp-call__reason">{reasonText(t, call.reason)}</p>;
}

function CallHints({ call }: { call: Call }) {
  const { t } = useTranslation();
  const quality = useQuality(call.legId);
  const hints = [
    (call.leg === 'answering' || (call.leg === 'up' && !call.media)) && t('call.answering'),
    call.reconnecting && t('call.reconnecting'),
    call.heldByOther && t('call.heldByOther'),
    !call.held && !call.heldByOther && (quality?.deafSeconds ?? 0) >= 3 && t('call.deaf'),
  ].filter((hint) => hint !== false);
  return (
    <>
      {hints.map((hint) => (
        <p key={hint} className="dp-call__hint">
          {hint}
        </p>
      ))}
      {call.muted && call.leg === 'up' && <MutedSpeaking />}
    </>
  );
}

/** Apart, because it follows the level and would redraw the whole card with it. */
function MutedSpeaking() {
  const { t } = useTranslation();
  const level = useLevel();
  return isSpeech(level) ? <p className="dp-call__hint">{t('call.mutedSpeaking')}</p> : null;
}

function CallActions({ call, ringing, onCallAgain }: CallCardProps & { ringing: boolean }) {
  const { t } = useTranslation();
  if (isOver(call)) {
    return (
      <div className="dp-call__actions">
        {call.number && (
          <Button icon={<CallIcon />} onClick={() => onCallAgain(call.number)}>
            {t('call.again')}
          </Button>
        )}
        <Button tone="plain" onClick={() => phone.dismiss(call.key)}>
          {t('call.dismiss')}
        </Button>
        <span className="dp-spacer" />
        {call.conversationId && <CopyId id={call.conversationId} />}
      </div>
    );
  }
  return ringing ? <RingingActions call={call} /> : <LiveActions call={call} />;
}

function RingingActions({ call }: { call: Call }) {
  const { t } = useTranslation();
  return (
    <div className="dp-call__actions">
      <Button
        tone="primary"
        icon={<AnsweredIcon />}
        shortcut="Control+Shift+A"
        onClick={() => void phone.answer(call)}
      >
        {t('call.answer')}
      </Button>
      <Button
        tone="danger"
        icon={<HangUpIcon />}
        shortcut="Control+Shift+D"
        onClick={() => void phone.hangUp(call)}
      >
        {t('call.decline')}
      </Button>
    </div>
  );
}

function LiveActions({ call }: { call: Call }) {
  const { t } = useTranslation();
  const [keypad, setKeypad] = useState(false);
  const keypadId = useId();
  const up = call.leg === 'up';
  return (
    <>
      <div className="dp-call__actions">
        <Button
          pressed={call.muted}
          disabled={!up}
          icon={call.muted ? <MutedIcon /> : <MicrophoneIcon />}
          shortcut="Control+Shift+M"
          onClick={() => phone.setMuted(call, !call.muted)}
        >
          {t('call.mute')}
        </Button>
        <Button
          pressed={call.held}
          disabled={!up}
          icon={<HoldIcon />}
          shortcut="Control+Shift+H"
          onClick={() => void phone.setHeld(call, !call.held)}
        >
          {t('call.hold')}
        </Button>
        <Button
          expanded={keypad}
          controls={keypadId}
          disabled={!up || !call.media}
          icon={<KeypadIcon />}
          onClick={() => setKeypad(!keypad)}
        >
          {t('call.keypad')}
        </Button>
        <Button
          tone="danger"
          icon={<HangUpIcon />}
          shortcut="Control+Shift+D"
          onClick={() => void phone.hangUp(call)}
        >
          {t('call.hangUp')}
        </Button>
        <span className="dp-spacer" />
        {call.conversationId && <CopyId id={call.conversationId} />}
      </div>
      <div id={keypadId} hidden={!keypad}>
        {keypad && up && <Keypad onDigit={(digit) => phone.sendDigits(call, digit)} />}
      </div>
    </>
  );
}
