import { ApiError, api } from './client';

/** A destination of the sandbox carrier with a fixed behaviour. */
export interface SandboxNumber {
  number: string;
  name: string;
  description: string;
}

interface Row {
  number: string;
  name?: string;
  title?: string;
  behaviour?: string;
  description?: string;
}

/** `null` where no sandbox carrier runs. */
export async function listSandboxNumbers(signal?: AbortSignal): Promise<SandboxNumber[] | null> {
  try {
    const answer = await api<Row[] | { entities?: Row[] }>('/api/v2/sandbox/numbers', {
      ...(signal ? { signal } : {}),
    });
    const rows = Array.isArray(answer) ? answer : (answer.entities ?? []);
    return rows.map((row) => ({
      number: row.number,
      name: row.name ?? row.title ?? row.behaviour ?? '',
      description: row.description ?? '',
    }));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
