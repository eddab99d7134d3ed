// Puts a text where it can be pasted from; whether that went well. Browsers have their clipboard for pages of this machine or
// with TLS alone; others copy what is selected.
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const before = document.activeElement;
    const box = document.createElement('textarea');
    box.value = text;
    document.body.append(box);
    box.select();
    const went = document.execCommand('copy');
    box.remove();
    if (before instanceof HTMLElement) before.focus();
    return went;
  }
}
