import { type FormEvent, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { cleanNumber, formatNumber, isDialable } from '../../format';
import { Button } from '../../ui/button';
import { SelectField, TextField } from '../../ui/field';
import { CallIcon } from '../../ui/icons';
import { Panel } from '../../ui/panel';
import { usePhone, usePhoneReady } from './use-phone';

export interface DialFormProps {
  number: string;
  onNumber: (number: string) => void;
  callerId: string | undefined;
  onCallerId: (callerId: string) => void;
  onCall: (number: string) => void;
}

type DialError = 'empty' | 'invalid';

export function dialErrorOf(typed: string): DialError | undefined {
  const number = cleanNumber(typed);
  if (number === '') return 'empty';
  return isDialable(number) ? undefined : 'invalid';
}

export function DialForm({ number, onNumber, callerId, onCallerId, onCall }: DialFormProps) {
  const { t } = useTranslation();
  const placing = usePhone((state) => state.placing);
  const [error, setError] = useState<DialError>();
  const ready = usePhoneReady();
  const callerIds = usePhone(({ profile }) => profile?.callerIds) ?? [];

  // A number set from elsewhere (a link, a row of a table) is not the one that was refused.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the number is the trigger
  useEffect(() => setError(undefined), [number]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wrong = dialErrorOf(number);
    setError(wrong);
    if (!wrong && ready && !placing) onCall(cleanNumber(number));
  };

  return (
    <Panel title={t('dial.title')}>
      <form className="dp-dial" onSubmit={submit} noValidate>
        <TextField
          label={t('dial.number')}
          type="tel"
          name="number"
          autoComplete="off"
          placeholder={t('dial.placeholder')}
          value={number}
          onChange={onNumber}
          error={error && t(`dial.${error}`)}
        />
        {callerIds.length > 1 && (
          <SelectField
            label={t('dial.from')}
            value={callerId ?? ''}
            options={callerIds.map((id) => ({ value: id, label: formatNumber(id) }))}
            onChange={onCallerId}
          />
        )}
        {callerIds.length === 1 && callerId && (
          <p className="dp-dial__from">
            <span className="dp-muted">{t('dial.from')}</span>
            <span className="dp-numeric">{formatNumber(callerId)}</span>
          </p>
        )}
        <Button tone="primary" submit wide icon={<CallIcon />} disabled={!ready} busy={placing}>
          {placing ? t('dial.calling') : t('dial.call')}
        </Button>
      </form>
    </Panel>
  );
}
