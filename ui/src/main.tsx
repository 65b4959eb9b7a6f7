import { render } from "preact";
render(<p>Signoff</p>, document.getElementById("app")!);
