import { type KeyboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button';

const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

/** Buttons, and the keyboard's own digits while the focus is in here. */
export function Keypad({ onDigit }: { onDigit: (digit: string) => boolean }) {
  const { t } = useTranslation();
  const [sent, setSent] = useState('');
  const send = (digit: string) => {
    if (onDigit(digit)) setSent((before) => (before + digit).slice(-24));
  };
  const onKey = (event: KeyboardEvent) => {
    if (!DIGITS.includes(event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    send(event.key);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: listens for its buttons' keys, is no control itself
    <div className="dp-keypad" onKeyDown={onKey}>
      <output className="dp-keypad__sent dp-numeric" aria-label={t('call.sent')}>
        {sent}
      </output>
      <div className="dp-keypad__keys">
        {DIGITS.map((digit) => (
          <Button key={digit} label={t('call.digit', { digit })} onClick={() => send(digit)}>
            {digit}
          </Button>
        ))}
      </div>
    </div>
  );
}
