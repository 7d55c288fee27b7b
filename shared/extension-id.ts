// The public key that gives unpacked builds one id on every machine, so that a server can name the extension in its list of allowed origins.

export const extensionKey =
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA+OeD3V9GCThR0aWt5reOt4cj5Ok+2it7uMknXDdP4ub4prFXFCCzrfZIfiIGTNnwyrbYciYh0Q6x2kCtAh328SOnMFcIi1kXvJ/o7recp++VT60aGMqYlzquA+zR+D1z9eSjaQukQQjuAhhbygokWc7wP729imcDA4mOUBqrat5ZRl8cqxfR/w8e0MI5ctPoQDtf0Fz1sTEYrMvwPMxXCKb8cqKmud63RA8kX/5so2DpVAPPDczIjtG1UAFTtTLYrx92iA9+ktAC+7JGbu3QaHLJdYR294BjaWAG8KynFtMWa5Zn1duhnOxU+sWijq29lXwmOlZTjomtzA+WQdLP0QIDAQAB";

/** SHA-256 of the key's bytes, its first 32 hex digits written as a to p: how Chromium makes an id. */
export const extensionId = "ehhgdlelnnjejdokaamdaaliejbnhifi";
export const extensionOrigin = `chrome-extension://${extensionId}`;
