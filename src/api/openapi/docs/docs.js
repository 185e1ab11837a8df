// Shows /openapi.json: operations by tag, then schemas. Text only ever becomes text nodes.
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

function element(name, attributes = {}, ...children) {
  const out = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) out.setAttribute(key, value);
  out.append(...children.filter((child) => child !== undefined && child !== null));
  return out;
}

const nameOf = (ref) => ref.split('/').at(-1);
const link = (ref) => element('a', { href: `#schema-${nameOf(ref)}` }, nameOf(ref));

/** A schema in one line. */
function brief(schema) {
  if (!schema) return '';
  if (schema.$ref) return link(schema.$ref);
  const line = element('span');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) choices.forEach((choice, index) => line.append(index ? ' or ' : '', brief(choice)));
  else if (schema.type === 'array') line.append('array of ', brief(schema.items));
  else line.append([schema.type].flat().filter(Boolean).join(' or ') || 'any');
  if (schema.enum) line.append(`: ${schema.enum.join(', ')}`);
  if (schema.minimum !== undefined || schema.maximum !== undefined) line.append(` ${schema.minimum ?? ''}–${schema.maximum ?? ''}`);
  if (schema.pattern) line.append(' ', element('code', {}, schema.pattern));
  return line;
}

function table(head, rows) {
  const cells = (kind, row) => element('tr', {}, ...row.map((cell) => element(kind, {}, cell ?? '')));
  return element('table', {}, element('thead', {}, cells('th', head)), element('tbody', {}, ...rows.map((row) => cells('td', row))));
}

/** The fields of an object, those of objects inside it below it. */
function fieldRows(schema, prefix = '') {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const marks = [schema.required?.includes(name) && 'required', field.readOnly && 'read-only'].filter(Boolean).join(', ');
    const row = [element('code', {}, prefix + name), brief(field), marks, field.description];
    const inner = field.type === 'array' ? field.items : field;
    return [row, ...(inner?.properties ? fieldRows(inner, `${prefix}${name}${field.type === 'array' ? '[]' : ''}.`) : [])];
  });
}

function shape(schema) {
  if (!schema?.properties) return element('p', {}, brief(schema));
  return table(['Field', 'Type', '', ''], fieldRows(schema));
}

function resolve(api, item) {
  return item.$ref ? item.$ref.split('/').slice(1).reduce((node, step) => node[step], api) : item;
}

function operationView(api, path, method, operation) {
  const scopes = [...new Set(operation.security.flatMap((one) => Object.values(one).flat()))];
  const permissions = operation['x-inin-requires-permissions']?.permissions ?? [];
  const open = operation.security.length === 0;
  const body = element('div');
  if (operation.description) body.append(element('p', {}, operation.description));
  const needs = open ? 'no credential' : scopes.length ? `one of ${scopes.join(', ')}` : 'any valid credential';
  body.append(element('p', { class: 'quiet' }, `Needs ${needs}${permissions.length ? `; permission: ${permissions.join(' or ')}` : ''}.`));
  const parameters = operation.parameters.map((item) => resolve(api, item));
  if (parameters.length)
    body.append(element('h3', {}, 'Parameters'), table(['Name', 'In', 'Type', ''],
      parameters.map((item) => [element('code', {}, item.name), item.in, brief(item.schema), item.description])));
  for (const [type, content] of Object.entries(operation.requestBody?.content ?? {}))
    body.append(element('h3', {}, `Body, ${type}`), shape(content.schema));
  body.append(element('h3', {}, 'Answers'), table(['Status', '', ''],
    Object.entries(operation.responses).map(([status, item]) => {
      const found = resolve(api, item);
      return [element('code', {}, status), found.description, brief(Object.values(found.content ?? {})[0]?.schema)];
    })));
  return element('details', { id: operation.operationId },
    element('summary', {}, element('code', { class: 'method' }, method.toUpperCase()), element('code', {}, path), ' ',
      element('span', { class: 'quiet' }, operation.summary)), body);
}

function show(api) {
  const content = document.getElementById('content');
  content.replaceChildren(element('p', {}, api.info.description));
  const operations = Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method] })));
  for (const tag of api.tags) {
    const section = element('section', {}, element('h2', {}, tag.name), tag.description ? element('p', {}, tag.description) : '');
    for (const { path, method, operation } of operations.filter((one) => one.operation.tags.includes(tag.name))) {
      const view = operationView(api, path, method, operation);
      view.dataset.text = `${path} ${method} ${JSON.stringify(operation)}`.toLowerCase();
      section.append(view);
    }
    content.append(section);
  }
  const schemas = element('section', {}, element('h2', {}, 'Schemas'));
  for (const [name, schema] of Object.entries(api.components.schemas)) {
    const view = element('details', { id: `schema-${name}` }, element('summary', {}, element('code', {}, name)),
      element('div', {}, schema.description ? element('p', {}, schema.description) : '', shape(schema)));
    view.dataset.text = `${name} ${JSON.stringify(schema)}`.toLowerCase();
    schemas.append(view);
  }
  content.append(schemas);
}

function filter(text) {
  for (const view of document.querySelectorAll('details')) view.hidden = !view.dataset.text.includes(text.toLowerCase());
  for (const section of document.querySelectorAll('section'))
    section.hidden = ![...section.querySelectorAll('details')].some((view) => !view.hidden);
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
  target?.scrollIntoView();
}

const answer = await fetch('/openapi.json');
show(await answer.json());
document.getElementById('search').addEventListener('input', (event) => filter(event.target.value));
addEventListener('hashchange', openTarget);
openTarget();
