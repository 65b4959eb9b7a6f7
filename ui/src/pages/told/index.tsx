// One's own notifications, what was sent to whom, and who was told of an approval: one chunk, loaded when one is shown.

export { Notifications } from "./own.tsx";
export { ToldSection } from "./section.tsx";
export { Sent } from "./sent.tsx";
