/**
 * The one script of all pages: copies commands, and tells and sorts the cells of a matrix. It reads what the page already
 * shows and writes text alone. Without it nothing is missing but these: buttons are made by it, so that none is dead.
 */
export const SCRIPT = `
'use strict';
for (const pre of document.querySelectorAll('.command pre')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', 'Copy: ' + pre.textContent);
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(pre);
      button.textContent = 'Selected';
    }
  });
  pre.after(button);
}
for (const map of document.querySelectorAll('table.map')) {
  const body = map.tBodies[0];
  const told = document.createElement('p');
  told.className = 'told';
  told.setAttribute('aria-live', 'polite');
  const idle = 'Point at a cell, or reach it by Tab and the arrow keys, to read it; a number above a column sorts by it.';
  told.textContent = idle;
  map.parentElement.before(told);
  const given = [...body.rows];
  let last;
  const tell = (cell) => {
    for (const one of map.querySelectorAll('.at')) one.classList.remove('at');
    if (cell === undefined) return;
    cell.classList.add('at');
    for (const head of [cell.parentElement.cells[0], map.tHead.rows[0].cells[cell.cellIndex]]) head.classList.add('at');
    told.textContent = cell.title || idle;
  };
  const cellOf = (event) => {
    const cell = event.target.closest('td');
    return cell !== null && map.contains(cell) ? cell : undefined;
  };
  const focusable = (cell) => {
    if (last !== undefined) last.tabIndex = -1;
    last = cell;
    if (cell !== undefined) cell.tabIndex = 0;
  };
  map.addEventListener('pointerover', (event) => tell(cellOf(event)));
  map.addEventListener('focusin', (event) => tell(cellOf(event)));
  map.addEventListener('click', (event) => {
    const cell = cellOf(event);
    if (cell === undefined) return;
    focusable(cell);
    cell.focus();
  });
  map.addEventListener('keydown', (event) => {
    const cell = cellOf(event);
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (cell === undefined || step === undefined) return;
    event.preventDefault();
    const row = body.rows[cell.parentElement.sectionRowIndex + step[0]];
    const next = row === undefined ? undefined : row.cells[cell.cellIndex + step[1]];
    if (next === undefined || next.tagName !== 'TD') return;
    focusable(next);
    next.focus();
  });
  focusable(body.querySelector('td') ?? undefined);
  for (const head of map.tHead.rows[0].cells) {
    const column = head.cellIndex;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    button.title = 'Sort by ' + (column === 0 ? 'the given order' : head.title);
    button.setAttribute('aria-label', head.textContent + ': ' + button.title);
    button.addEventListener('click', () => {
      const worth = (row) => Number(row.cells[column].dataset.worth ?? -1);
      const rows = column === 0 ? given : [...given].sort((a, b) => worth(b) - worth(a));
      for (const one of map.tHead.rows[0].cells) one.removeAttribute('aria-sort');
      if (column > 0) head.setAttribute('aria-sort', 'descending');
      body.append(...rows);
    });
    head.replaceChildren(button);
  }
}
`;
