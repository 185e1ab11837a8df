/** How far the call is, and when it got there: the states the API reports, in their own words. */
import { useTranslation } from 'react-i18next';
import type { ConversationStatus } from '../../api/conversations';
import type { Call } from '../../phone/call-state';

const WAY: readonly ConversationStatus[] = ['queued', 'initiated', 'ringing', 'connected', 'disconnected'];
const INBOUND_WAY: readonly ConversationStatus[] = ['ringing', 'connected', 'disconnected'];

export type StepState = 'done' | 'now' | 'ahead' | 'skipped';

export interface Step {
  status: ConversationStatus;
  state: StepState;
  /** Seconds after the start of the call. */
  after?: number;
}

/** A failed call stops where it was: what comes between that and its end is skipped, and the last step is `failed`. */
export function stepsOf(call: Pick<Call, 'status' | 'reachedAt' | 'startedAt' | 'direction'>): Step[] {
  const way = call.direction === 'inbound' ? INBOUND_WAY : WAY;
  const last = call.status === 'failed' ? 'failed' : 'disconnected';
  const steps = way.map((status) => (status === 'disconnected' ? last : status));
  const at = steps.indexOf(call.status);
  // A step that went by before this page heard of the call was taken all the same.
  const furthest = steps.findLastIndex(
    (status, index) => index < steps.length - 1 && call.reachedAt[status] !== undefined,
  );
  return steps.map((status, index) => {
    const reached = call.reachedAt[status];
    const passed = at === steps.length - 1 && index > furthest ? 'skipped' : 'done';
    const state = index > at ? 'ahead' : index === at ? 'now' : passed;
    return { status, state, ...(reached === undefined ? {} : { after: (reached - call.startedAt) / 1000 }) };
  });
}

export function StatusSteps({ call }: { call: Call }) {
  const { t } = useTranslation();
  return (
    <ol className="dp-steps" aria-label={t('call.progress')}>
      {stepsOf(call).map((step) => (
        <li
          key={step.status}
          className={`dp-step dp-step--${step.state} dp-step--${step.status}`}
          {...(step.state === 'now' ? { 'aria-current': 'step' as const } : {})}
        >
          <span className="dp-step__name">{t(`call.status.${step.status}`)}</span>
          <span className="dp-step__time dp-numeric">
            {step.after === undefined ? '' : `+${step.after.toFixed(1)} s`}
          </span>
        </li>
      ))}
    </ol>
  );
}
