// The settings while their code comes: the same grid, so that nothing jumps.

import { app } from "../words.ts";

export function SettingsSkeleton() {
  return (
    <>
      <div class="bar">
        <h1>{app.settings}</h1>
      </div>
      <div class="scroll" aria-busy="true">
        <p class="vh" role="status">
          {app.loading}
        </p>
        <div class="page set-page" aria-hidden="true">
          <div class="card">
            <div class="card-h">
              <span class="sk sk-h" />
            </div>
            <div class="set-sk">
              {[0, 1, 2, 3, 0].map((width, index) => (
                <div key={index} class="set-skr">
                  <span class={`sk sk-t sk-a${width}`} />
                  <span class={`sk sk-t sk-b${width}`} />
                </div>
              ))}
            </div>
          </div>
        </div>
      </div>
    </>
  );
}
