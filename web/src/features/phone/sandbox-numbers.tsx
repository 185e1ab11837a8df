/** The destinations that the sandbox carrier plays. Where no sandbox runs there is nothing to show. */
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { listSandboxNumbers, type SandboxNumber } from '../../api/sandbox';
import { formatNumber } from '../../format';
import { Panel } from '../../ui/panel';
import { Table } from '../../ui/table';
import { CallRowButton } from './call-row-button';
import { usePhone } from './use-phone';

export function SandboxNumbers({ onCall }: { onCall: (number: string) => void }) {
  const { t } = useTranslation();
  const { profile } = usePhone();
  const { data } = useQuery({
    queryKey: ['sandbox', 'numbers'],
    queryFn: ({ signal }) => listSandboxNumbers(signal),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: !!profile,
  });
  if (!data || data.length === 0) return null;
  return (
    <Panel
      title={t('sandbox.title')}
      actions={<span className="dp-muted dp-panel__hint">{t('sandbox.hint')}</span>}
      flush
    >
      <Table<SandboxNumber>
        label={t('sandbox.title')}
        rows={data}
        rowKey={(row) => row.number}
        columns={[
          {
            key: 'number',
            title: t('sandbox.number'),
            cell: (row) => <span className="dp-numeric dp-nowrap">{formatNumber(row.number)}</span>,
          },
          { key: 'does', title: t('sandbox.does'), cell: (row) => <What row={row} /> },
          {
            key: 'call',
            title: t('dial.call'),
            quiet: true,
            cell: (row) => (
              <CallRowButton
                label={t('sandbox.call', { number: row.number })}
                onCall={() => onCall(row.number)}
              />
            ),
          },
        ]}
      />
    </Panel>
  );
}

function What({ row }: { row: SandboxNumber }) {
  return (
    <>
      {row.name} {row.description && row.name && <span className="dp-muted">· {row.description}</span>}
      {row.description && !row.name && row.description}
    </>
  );
}
