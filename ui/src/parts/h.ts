// What JSX is compiled to. The build puts this into each file that has some.

export { Fragment, h } from "preact";
