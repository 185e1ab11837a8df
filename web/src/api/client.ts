/**
 * The one way to the server's REST API. Cookie session, same origin: every unsafe request carries the console header that a
 * foreign page cannot send without a preflight. A 401 is told to whoever shows the login, then thrown like any other error.
 */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly contextId: string,
    /** The field of the body that is to blame. */
    readonly field = '',
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

interface ErrorBody {
  message?: string;
  code?: string;
  contextId?: string;
  details?: { fieldName?: string }[];
}

type UnauthorizedListener = () => void;
let onUnauthorized: UnauthorizedListener = () => {};

export function setUnauthorizedListener(listener: UnauthorizedListener): void {
  onUnauthorized = listener;
}

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  signal?: AbortSignal;
}

async function readError(response: Response): Promise<ApiError> {
  const body: ErrorBody = await response.json().catch(() => ({}));
  const contextId = body.contextId ?? response.headers.get('ININ-Correlation-Id') ?? '';
  return new ApiError(
    response.status,
    body.code ?? '',
    body.message ?? '',
    contextId,
    body.details?.[0]?.fieldName,
  );
}

export async function api<T>(path: string, request: ApiRequest = {}): Promise<T> {
  const method = request.method ?? 'GET';
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-Dialplane-Console'] = '1';
  if (request.body !== undefined) headers['Content-Type'] = 'application/json';
  const response = await fetch(path, {
    method,
    headers,
    credentials: 'same-origin',
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    ...(request.signal ? { signal: request.signal } : {}),
  });
  if (!response.ok) {
    const error = await readError(response);
    if (error.status === 401) onUnauthorized();
    throw error;
  }
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
