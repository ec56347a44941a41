// Sends one file to the server, telling how far it is.
// Called by: models/uploads.
// Keeps true: it ends in the server's answer, a Refusal with its sentence, a Trouble that may pass, or an abort.
//   Why XMLHttpRequest: fetch does not tell how much of a body has left.
import { Refusal, Trouble } from "parley/lib/http";
import { gettext } from "parley/lib/words";

const TOO_LARGE = gettext("The file is too large for this server.");
const SIGNED_OUT = gettext("You are signed out. Sign in again, then try this file once more.");

export function upload(url, file, { onProgress, signal }) {
  const { promise, resolve, reject } = defer();
  const request = new XMLHttpRequest();
  const form = new FormData();
  form.append("file", file, file.name || "file");
  request.open("POST", url);
  request.responseType = "json";
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRFToken", document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "");
  request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
  request.addEventListener("load", () => {
    const { file: kept, error } = request.response ?? {};
    if (request.status === 201 && kept) resolve(kept);
    else reject(complaint(request, error));
  });
  request.addEventListener("error", () => reject(new Trouble(gettext("The connection was lost."))));
  request.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
  signal.addEventListener("abort", () => request.abort());
  if (signal.aborted) reject(new DOMException("aborted", "AbortError"));
  else request.send(form);
  return promise;
}

function complaint({ status, responseURL }, error) {
  if (responseURL.includes("/accounts/login/")) return new Refusal(SIGNED_OUT, { code: "signed_out", status: 401 });
  if (status >= 500) return new Trouble(error?.sentence ?? gettext("The server could not answer."));
  if (status === 413) return new Refusal(error?.sentence ?? TOO_LARGE, { status });
  return new Refusal(error?.sentence ?? gettext("The server refused this file."), { code: error?.code, status });
}

function defer() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}
