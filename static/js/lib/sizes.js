// How large a file is, in words: 1.2 MB.
// Called by: file-tray. Keeps true: the same words as chat.models.file.size_words on the server.

export function sizeWords(bytes) {
  let size = bytes;
  for (const unit of ["B", "kB", "MB"]) {
    if (size < 1000) return `${size < 10 && unit !== "B" ? size.toFixed(1) : size.toFixed(0)} ${unit}`;
    size /= 1024;
  }
  return `${size < 10 ? size.toFixed(1) : size.toFixed(0)} GB`;
}
