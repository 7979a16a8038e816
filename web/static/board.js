// Everything works without this; it only starts the design system's own components.
import { initAll } from "./vendor/govuk-frontend.min.js";

initAll();
