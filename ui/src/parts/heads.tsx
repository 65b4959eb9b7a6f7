// The head of a table of figures: a name first, numbers behind it.

export function Heads({ of }: { of: readonly string[] }) {
  return (
    <thead>
      <tr>
        {of.map((name, index) => (
          <th key={name} scope="col" class={index > 0 ? "num" : ""}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
