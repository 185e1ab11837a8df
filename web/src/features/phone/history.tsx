import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { type ConversationView, listRecentCalls } from '../../api/conversations';
import { formatDuration, formatNumber, formatTime } from '../../format';
import { isOver } from '../../phone/call-state';
import { Panel } from '../../ui/panel';
import { Table } from '../../ui/table';
import { CallRowButton } from './call-row-button';
import { reasonText } from './reason-text';
import { usePhone } from './use-phone';

export function History(props: { onCall: (number: string) => void }) {
  return (
    <>
      <Refresh />
      <RecentCalls {...props} />
    </>
  );
}

/** When another call is over. Apart, because the list is not drawn for it when an old one leaves the screen for a new call. */
function Refresh() {
  const queries = useQueryClient();
  const ended = usePhone(({ calls }) => calls.flatMap((call) => (isOver(call) ? call.key : [])).join(' '));
  const seen = useRef('');
  useEffect(() => {
    const before = seen.current.split(' ');
    seen.current = ended;
    if (ended.split(' ').some((key) => key && !before.includes(key)))
      void queries.invalidateQueries({ queryKey: ['conversations', 'recent'] });
  }, [ended, queries]);
  return null;
}

function RecentCalls({ onCall }: { onCall: (number: string) => void }) {
  const { t } = useTranslation();
  const known = usePhone(({ profile }) => !!profile);
  const { data, isError } = useQuery({
    queryKey: ['conversations', 'recent'],
    queryFn: ({ signal }) => listRecentCalls(signal),
    enabled: known,
    retry: false,
  });
  if (isError || !data) return null;
  return (
    <Panel title={t('history.title')} flush={data.length > 0}>
      {data.length === 0 ? (
        <p className="dp-muted dp-flat">{t('history.empty')}</p>
      ) : (
        <Table<ConversationView>
          label={t('history.title')}
          rows={data}
          rowKey={(row) => row.id}
          columns={[
            {
              key: 'when',
              title: t('history.when'),
              cell: (row) => (
                <span className="dp-muted dp-nowrap dp-numeric">{formatTime(row.startTime ?? '')}</span>
              ),
            },
            { key: 'who', title: t('history.who'), cell: (row) => <Who row={row} /> },
            { key: 'how', title: t('history.how'), cell: (row) => <Result row={row} /> },
            {
              key: 'lasted',
              title: t('history.lasted'),
              cell: (row) => <span className="dp-numeric">{lasted(row)}</span>,
            },
            {
              key: 'call',
              title: t('dial.call'),
              quiet: true,
              cell: (row) =>
                row.number && (
                  <CallRowButton
                    label={t('history.call', { number: row.number })}
                    onCall={() => onCall(row.number ?? '')}
                  />
                ),
            },
          ]}
        />
      )}
    </Panel>
  );
}

function lasted({ connectedTime, endTime }: ConversationView): string {
  if (!connectedTime || !endTime) return '';
  return formatDuration(Date.parse(endTime) - Date.parse(connectedTime));
}

function Who({ row }: { row: ConversationView }) {
  return (
    <span className="dp-nowrap">
      <span aria-hidden="true">{row.direction === 'inbound' ? '↙ ' : '↗ '}</span>
      <span className="dp-numeric">{formatNumber(row.number ?? '')}</span>
      {row.name && <span className="dp-muted"> {row.name}</span>}
    </span>
  );
}

function Result({ row }: { row: ConversationView }) {
  const { t } = useTranslation();
  const failed = row.status === 'failed';
  const text = failed && row.reason ? reasonText(t, row.reason) : t(`call.status.${row.status}`);
  return <span className={failed ? 'dp-bad' : ''}>{text}</span>;
}
