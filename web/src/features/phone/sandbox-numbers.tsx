/** The destinations that the sandbox carrier plays. Where no sandbox runs there is nothing to show. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { listSandboxNumbers, type SandboxNumber } from '../../api/sandbox';
import { formatNumber } from '../../format';
import { FilterField } from '../../ui/field';
import { Panel } from '../../ui/panel';
import { Table } from '../../ui/table';
import { CallRowButton } from './call-row-button';
import { usePhone } from './use-phone';

export function SandboxNumbers({ onCall }: { onCall: (number: string) => void }) {
  const { t } = useTranslation();
  const known = usePhone(({ profile }) => !!profile);
  const [filter, setFilter] = useState('');
  const { data } = useQuery({
    queryKey: ['sandbox', 'numbers'],
    queryFn: ({ signal }) => listSandboxNumbers(signal),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: known,
  });
  if (!data || data.length === 0) return null;
  const rows = filterNumbers(data, filter);
  const search = (
    <FilterField
      label={t('sandbox.filter')}
      hint={t('sandbox.filterHint')}
      value={filter}
      onChange={setFilter}
    />
  );
  return (
    <Panel title={t('sandbox.title')} hint={t('sandbox.hint')} actions={search} flush>
      {rows.length === 0 && <p className="dp-muted dp-none">{t('sandbox.none')}</p>}
      <Table<SandboxNumber>
        label={t('sandbox.title')}
        scrolls
        rows={rows}
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

/** Every word of the filter occurs somewhere in the row. */
export function filterNumbers(rows: SandboxNumber[], filter: string): SandboxNumber[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    const text = `${row.number} ${formatNumber(row.number)} ${row.name} ${row.description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function What({ row }: { row: SandboxNumber }) {
  return (
    <>
      {row.name} {row.description && row.name && <span className="dp-muted">· {row.description}</span>}
      {row.description && !row.name && row.description}
    </>
  );
}
