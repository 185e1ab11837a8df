import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AudioPanel } from './audio-panel';
import { Calls } from './calls';
import { DialForm } from './dial-form';
import { History } from './history';
import { PhoneNotices } from './notices';
import './phone.css';
import { SandboxNumbers } from './sandbox-numbers';
import { phone, usePhone } from './use-phone';

export function PhonePage() {
  const { t } = useTranslation();
  const { to } = useSearch({ from: '/phone' });
  const [number, setNumber] = useState(to ?? '');
  const [callerId, setCallerId] = useState('');
  const first = usePhone(({ profile }) => profile?.callerIds?.[0]);
  const from = callerId || first;

  const call = async (wanted: string) => {
    if (await phone.place(wanted, from)) setNumber('');
  };

  return (
    <div className="dp-phone">
      <h1 className="dp-hidden">{t('phone.title')}</h1>
      <PhoneNotices />
      <div className="dp-phone__controls">
        <DialForm
          number={number}
          onNumber={setNumber}
          callerId={from}
          onCallerId={setCallerId}
          onCall={(wanted) => void call(wanted)}
        />
        <AudioPanel />
      </div>
      <div className="dp-phone__view">
        <Calls onCall={(wanted) => void call(wanted)} />
        <div className="dp-phone__lists">
          <SandboxNumbers onCall={(wanted) => void call(wanted)} />
          <History onCall={(wanted) => void call(wanted)} />
        </div>
      </div>
    </div>
  );
}
