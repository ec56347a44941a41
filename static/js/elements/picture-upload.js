// <picture-upload>: makes a chosen picture small before it is sent, so that a photo of any size will do.
// Called by: people/_profile_picture.html. Keeps true: what this browser cannot draw is sent as it is, if it fits; the
//   server decides, and makes it anew in any case.
import { post } from "parley/lib/http";
import { gettext } from "parley/lib/words";

const SIDE = 512;

class PictureUpload extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", this.#submitted);
    this.form.elements.picture.addEventListener("change", () => this.form.requestSubmit());
  }

  #submitted = async (event) => {
    event.preventDefault();
    const [file] = this.form.elements.picture.files;
    if (!file) return;
    const button = this.querySelector("[data-send]");
    button.disabled = true;
    this.#say("");
    try {
      const body = new FormData();
      body.set("picture", await this.#small(file), "picture");
      await post(this.form.getAttribute("action"), body);
      location.reload();
    } catch (error) {
      this.#say(error.message);
      button.disabled = false;
    }
  };

  async #small(file) {
    try {
      const picture = await createImageBitmap(file);
      const side = Math.min(picture.width, picture.height);
      const canvas = new OffscreenCanvas(SIDE, SIDE);
      const [left, top] = [(picture.width - side) / 2, (picture.height - side) / 2];
      canvas.getContext("2d").drawImage(picture, left, top, side, side, 0, 0, SIDE, SIDE);
      return await canvas.convertToBlob({ type: "image/webp", quality: 0.92 });
    } catch {
      if (file.size <= Number(this.dataset.limit)) return file;
      throw new Error(gettext("This browser cannot read that picture. Pick a PNG, JPEG, WebP or GIF file."));
    }
  }

  #say(sentence) {
    const words = this.querySelector("[data-words]");
    words.textContent = sentence;
    words.hidden = !sentence;
  }
}

customElements.define("picture-upload", PictureUpload);
