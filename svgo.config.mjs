// The SVGO stage of Text2SVG. `npx svgo --config svgo.config.mjs drawing.svg` uses the default export; the optimizer picks
// the variant that fits the grid it has already put the drawing on.
//
// Why it differs from SVGO's preset:
//   - Precision is named once and reaches paths only. As a global `floatPrecision` it would round opacity .35 to .4.
//   - Every plugin listed here runs: SVGO has ignored `active: false` since version 3.
//   - Colours stay lower case: `convertCase: 'upper'` writes fill="NONE", which some renderers paint black.
//   - viewBox, xmlns, title and embedded rasters stay: without them a file is not standalone, or not the same drawing.
//   - Three guards undo what SVGO 4.1.0 gets wrong (each is a test): equal nested opacities, transform-origin, vector-effect.

const elementChildren = (node) => node.children.filter((child) => child.type === 'element');

/** `collapseGroups` keeps one of two equal opacities; opacity multiplies. */
const multiplyOpacity = {
  name: 'multiplyOpacity',
  fn: () => ({
    element: {
      exit: (node) => {
        const only = elementChildren(node);
        if (node.name !== 'g' || only.length !== 1 || node.attributes.opacity == null) return;
        const product = Number(node.attributes.opacity) * Number(only[0].attributes.opacity);
        if (Number.isNaN(product)) return;
        only[0].attributes.opacity = String(Number(product.toFixed(4)));
        delete node.attributes.opacity;
      },
    },
  }),
};

const ORIGIN = /^\s*(-?\d*\.?\d+)(px)?[\s,]+(-?\d*\.?\d+)(px)?(\s+0(px)?)?\s*$/;

/** SVGO folds transforms as if `transform-origin` did not exist: write the origin into the transform. */
const resolveTransformOrigin = {
  name: 'resolveTransformOrigin',
  fn: () => ({
    element: {
      enter: (node) => {
        const origin = node.attributes['transform-origin'];
        if (origin == null || node.attributes.style != null) return;
        const match = ORIGIN.exec(origin);
        if (match == null) return;
        const [x, y] = [Number(match[1]), Number(match[3])];
        if (node.attributes.transform != null) {
          node.attributes.transform = `translate(${x} ${y})${node.attributes.transform}translate(${-x} ${-y})`;
        }
        delete node.attributes['transform-origin'];
      },
    },
  }),
};

const MARK = 'keep-stroke-';

/** A non-scaling stroke is measured on the screen, so its transforms must stay where they are: SVGO leaves ids alone. */
const markNonScaling = {
  name: 'markNonScaling',
  fn: () => {
    let count = 0;
    return {
      element: {
        enter: (node) => {
          const effect = `${node.attributes['vector-effect'] ?? ''} ${node.attributes.style ?? ''}`;
          if (effect.includes('non-scaling-stroke') && node.attributes.id == null) {
            node.attributes.id = `${MARK}${(count += 1)}`;
          }
        },
      },
    };
  },
};

const unmarkNonScaling = {
  name: 'unmarkNonScaling',
  fn: () => ({
    element: {
      enter: (node) => {
        if (node.attributes.id?.startsWith(MARK)) delete node.attributes.id;
      },
    },
  }),
};

/** Plugins for path numbers of `precision` decimals; `path` overrides convertPathData. */
const plugins = (precision, path = {}) => [
  'removeDoctype',
  'removeXMLProcInst',
  'removeComments',
  'removeDeprecatedAttrs',
  'removeMetadata',
  'removeEditorsNSData',
  'cleanupAttrs',
  'mergeStyles',
  'inlineStyles',
  'minifyStyles',
  'cleanupIds',
  'removeUselessDefs',
  { name: 'cleanupNumericValues', params: { floatPrecision: 3 } },
  'convertColors',
  'removeUnknownsAndDefaults',
  'removeNonInheritableGroupAttrs',
  'removeUselessStrokeAndFill',
  'cleanupEnableBackground',
  'removeHiddenElems',
  'removeEmptyText',
  multiplyOpacity,
  resolveTransformOrigin,
  markNonScaling,
  'convertShapeToPath',
  'convertEllipseToCircle',
  'moveElemsAttrsToGroup',
  'moveGroupAttrsToElems',
  'collapseGroups',
  { name: 'convertPathData', params: { floatPrecision: precision, ...path } },
  'convertTransform',
  'removeEmptyAttrs',
  'removeEmptyContainers',
  { name: 'mergePaths', params: { floatPrecision: precision } },
  unmarkNonScaling,
  'removeUnusedNS',
  'sortAttrs',
  'sortDefsChildren',
  'removeDesc',
];

/**
 * What is left to do for a drawing that stage 1 has written: it has short colours, short ids and nothing unknown. It has
 * its arcs too: those that SVGO makes of near half circles can bulge by a hundred times the rounding of their radius.
 */
const noArcs = { makeArcs: false };
const flat = (precision) => [
  { name: 'mergePaths', params: { floatPrecision: precision } },
  { name: 'convertPathData', params: { floatPrecision: precision, ...noArcs } },
];

const config = (list, multipass = true) => ({
  multipass,
  js2svg: { eol: 'lf', finalNewline: false, pretty: false },
  plugins: list,
});

/** Drawings on their own grid, which may be as small as 0..1. */
export default config(plugins(3));

/** What stage 1 has written, with so many decimals in its path data. */
export const flat0 = config(flat(0), false);
export const flat1 = config(flat(1), false);
export const flat2 = config(flat(2), false);
export const flat3 = config(flat(3), false);
export const flat4 = config(flat(4), false);

/** The same with elements it kept as they were: text, masks, patterns, filters. */
export const kept0 = config(plugins(1, noArcs));
export const kept1 = config(plugins(1, noArcs));
export const kept2 = config(plugins(2, noArcs));
export const kept3 = config(plugins(3, noArcs));
export const kept4 = config(plugins(4, noArcs));

/** Drawings of `seed` that had to leave whole numbers. */
export const decimal1 = config(plugins(1));
export const decimal2 = config(plugins(2));

/** Absolute cubic-free text without arcs, as the first Text2SVG wrote it. */
export const seed = config(plugins(0, { makeArcs: false, forceAbsolutePath: true }));
