// The rich editor of Jira Data Center: the real TinyMCE 6, whose text is in a frame of its own.
import tinymce from "tinymce";
import "tinymce/icons/default";
import "tinymce/models/dom";
import "tinymce/themes/silver";

/** Resolves when the editor stands in the place of the field. */
export async function openEditor(field: HTMLElement): Promise<void> {
  await tinymce.init({
    target: field,
    // Its style sheets would be loaded from addresses of its own; the look is not what matters here.
    skin: false,
    content_css: false,
    menubar: false,
    branding: false,
    promotion: false,
    statusbar: false,
    toolbar: "bold italic bullist",
    height: 160,
  });
}
