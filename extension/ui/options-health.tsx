// Options: on how many visits a ticket's title, description and comments were found, by view; a broken layout shows here.
import { looksBroken, type ViewHealth, viewName } from "../../shared/selector-health.ts";
import { useTexts } from "./texts.ts";

export interface HealthProps {
  views: readonly ViewHealth[];
}

export function Health({ views }: HealthProps) {
  const t = useTexts();
  const share = (part: number, visits: number) => `${Math.round((100 * part) / visits)} %`;
  const broken = views.filter(looksBroken);
  return (
    <section aria-labelledby="health">
      <h2 id="health">{t("health.title")}</h2>
      <p className="quiet">{t("health.help")}</p>
      {broken.map(viewName).map((view) => (
        <p key={view} className="problem" role="alert">
          {t("health.broken", { view })}
        </p>
      ))}
      {views.length === 0 ? (
        <p>{t("health.none")}</p>
      ) : (
        <table>
          <caption>{t("health.caption")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("health.view")}</th>
              <th scope="col">{t("health.visits")}</th>
              <th scope="col">{t("health.partTitle")}</th>
              <th scope="col">{t("health.partDescription")}</th>
              <th scope="col">{t("health.partComments")}</th>
            </tr>
          </thead>
          <tbody>
            {views.map(({ site, page, visits, title, description, comments }) => (
              <tr key={`${site} ${page}`}>
                <th scope="row">{viewName({ site, page })}</th>
                <td>{visits}</td>
                <td>{share(title, visits)}</td>
                <td>{share(description, visits)}</td>
                <td>{share(comments, visits)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
