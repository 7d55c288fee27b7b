// How a kept release is named where a model's folder is asked for.

export const scheme = "release:";

/** What `loadModel` takes as the folder of a model. */
export const releaseUrl = (counter: number) => `${scheme}${counter}/`;
