import { useTranslation } from 'react-i18next';
import { useQuality } from './use-phone';

const WORDS = { 4: 'good', 3: 'fair', 2: 'poor', 1: 'bad' } as const;

export function QualityLine({ legId, held }: { legId: string | undefined; held: boolean }) {
  const { t } = useTranslation();
  const quality = useQuality(legId);
  if (!quality || held) {
    return (
      <p className="dp-quality dp-muted">
        {held ? t('quality.onHold') : `${t('quality.label')}: ${t('quality.waiting')}`}
      </p>
    );
  }
  const figures = [
    quality.codec,
    t('quality.mos', { mos: quality.mos.toFixed(1) }),
    t('quality.jitter', { ms: Math.round(quality.jitterMs) }),
    t('quality.loss', { percent: quality.lossPercent.toFixed(1) }),
    quality.concealedPercent < 0.1
      ? ''
      : t('quality.concealed', { percent: quality.concealedPercent.toFixed(1) }),
    t('quality.delay', { ms: Math.round(quality.delayMs) }),
    quality.roundTripMs === undefined ? '' : t('quality.roundTrip', { ms: Math.round(quality.roundTripMs) }),
  ].filter((figure) => !!figure);
  return (
    <p className="dp-quality">
      <Bars count={quality.bars} />
      <strong>{t(`quality.${WORDS[quality.bars]}`)}</strong>
      <span className="dp-muted dp-numeric">{figures.join(' · ')}</span>
      <span className="dp-spacer" />
      <span className={`dp-dot ${quality.audible ? 'dp-dot--good' : ''}`} aria-hidden="true" />
      <span className="dp-muted">{quality.audible ? t('quality.hearing') : t('quality.silent')}</span>
    </p>
  );
}

function Bars({ count }: { count: 1 | 2 | 3 | 4 }) {
  return (
    <svg className={`dp-bars dp-bars--${count}`} viewBox="0 0 16 12" aria-hidden="true">
      {[1, 2, 3, 4].map((bar) => (
        <rect
          key={bar}
          x={(bar - 1) * 4}
          y={12 - bar * 3}
          width="3"
          height={bar * 3}
          opacity={bar <= count ? 1 : 0.25}
        />
      ))}
    </svg>
  );
}
