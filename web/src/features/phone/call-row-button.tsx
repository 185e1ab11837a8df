import { Button } from '../../ui/button';
import { CallIcon } from '../../ui/icons';
import { usePhone } from './use-phone';

export function CallRowButton({ label, onCall }: { label: string; onCall: () => void }) {
  const ready = usePhone(({ registration, placing }) => registration === 'registered' && !placing);
  return <Button tone="plain" small label={label} icon={<CallIcon />} disabled={!ready} onClick={onCall} />;
}
