import { useTranslation } from 'react-i18next';
import { type AudioDevice, DEFAULT_DEVICE, type DeviceRole } from '../../phone/devices';
import { Button } from '../../ui/button';
import { SelectField, Slider } from '../../ui/field';
import { Panel } from '../../ui/panel';
import { phone, useAudio, useLevel } from './use-phone';

export function AudioPanel() {
  const { t } = useTranslation();
  const { volume, testing, permission } = useAudio();
  const granted = permission === 'granted';
  return (
    <Panel title={t('audio.title')}>
      <div className="dp-audio">
        <DeviceField use="microphone" />
        <div className="dp-row">
          <LevelBar />
          <Button
            small
            disabled={!granted}
            pressed={testing}
            onClick={() => phone.audio.setTesting(!testing)}
          >
            {t('audio.test')}
          </Button>
        </div>
        <DeviceField use="speaker" />
        <Slider label={t('audio.volume')} value={volume} onChange={(value) => phone.audio.setVolume(value)} />
        <DeviceField use="ringer" />
      </div>
    </Panel>
  );
}

function DeviceField({ use: role }: { use: DeviceRole }) {
  const { t } = useTranslation();
  const { devices, chosen, permission } = useAudio();
  const present = role === 'microphone' ? devices.inputs : devices.outputs;
  const others = present.filter((device: AudioDevice) => device.id !== DEFAULT_DEVICE);
  const options = [
    { value: DEFAULT_DEVICE, label: t('audio.default') },
    ...others.map((device) => ({ value: device.id, label: device.label })),
  ];
  return (
    <SelectField
      label={t(`audio.${role}`)}
      value={chosen[role]}
      options={options}
      disabled={permission !== 'granted'}
      onChange={(id) => void phone.audio.choose(role, id)}
    />
  );
}

function LevelBar() {
  const { t } = useTranslation();
  const level = useLevel();
  const percent = Math.round(level.fill * 100);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a meter element has no peak mark and looks different in every browser
    <svg
      className="dp-level"
      viewBox="0 0 100 6"
      preserveAspectRatio="none"
      role="meter"
      aria-label={t('audio.level')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <rect className="dp-level__ground" width="100" height="6" />
      <rect className="dp-level__fill" width={percent} height="6" />
      <rect
        className="dp-level__peak"
        x={Math.max(0, level.peak * 100 - 0.8)}
        width={level.peak > 0 ? 0.8 : 0}
        height="6"
      />
    </svg>
  );
}
