// Stands for `ajv`, which ServiceNow's framework names but loads schemas with in its development mode only.
export default class NoAjv {}
