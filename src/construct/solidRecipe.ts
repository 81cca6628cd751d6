/** What a recipe says about a crystal or a slab; `io` validates the same keys. */
export interface SolidRecipe {
  readonly crystal: CrystalRecipe
  /** Atom type of each element; where none is named, the type is the file's, or the element itself. */
  readonly types?: Readonly<Record<string, string>> | undefined
  /** Three numbers of cells, for a bulk crystal. */
  readonly repeat?: readonly number[] | undefined
  readonly slab?: SlabRecipe | undefined
  /** Carried out in order. */
  readonly edits?: readonly EditRecipe[] | undefined
  readonly adsorbates?: readonly AdsorbateRecipe[] | undefined
}

/** A prototype with its parameters, or a file. */
export interface CrystalRecipe extends Partial<LayeredRecipe> {
  readonly prototype?: 'layered' | undefined
  readonly file?: string | undefined
}

export interface LayeredRecipe {
  /** Hexagonal lattice parameters. */
  readonly a_A: number
  readonly c_A: number
  /** Fractional height of oxygen (6c) above lithium (3a, at the origin), about 0.24. */
  readonly z_oxygen: number
  /** Share of each element in the metal layers (3b); they add up to 1. */
  readonly metals: Readonly<Record<string, number>>
  readonly ordering?: 'random' | 'ordered' | undefined
}

export interface SlabRecipe {
  /** (h k l) of the crystal's cell. */
  readonly miller: readonly number[]
  /** Repeats of the primitive cell along the normal. */
  readonly layers: number
  /** Of the surface cell; [1, 1] when left out. */
  readonly repeat?: readonly number[] | undefined
  readonly vacuum_A: number
  /** Layers at the bottom that are held. */
  readonly frozen_layers?: number | undefined
  /** 1 is the least polar one, and the default. */
  readonly termination?: number | undefined
}

/** An atom of the ideal lattice: its number, from 1, before any edit; or what it is and where it is near. */
export interface SiteRecipe {
  readonly atom?: number | undefined
  readonly element?: string | undefined
  readonly type?: string | undefined
  /** Of a slab; 1 is the bottom one. */
  readonly layer?: number | undefined
  /** Fractional [u, v] (only the lateral distance counts) or [u, v, w]. */
  readonly near?: readonly number[] | undefined
}

/** One of the keys. */
export interface EditRecipe {
  readonly remove?: SiteRecipe | undefined
  readonly retype?: { readonly site: SiteRecipe; readonly type: string } | undefined
  readonly swap?: readonly [SiteRecipe, SiteRecipe] | undefined
  readonly lithium?: LithiumRecipe | undefined
}

export interface LithiumRecipe {
  /** Share of the lithium sites that are filled afterwards. */
  readonly content: number
  readonly ordering?: 'random' | 'electrostatic' | undefined
  /** Sites that stay filled. */
  readonly keep?: readonly SiteRecipe[] | undefined
  /** Sites that are emptied. */
  readonly vacate?: readonly SiteRecipe[] | undefined
}

/** Above a site at a height, or bonded to one. */
export interface AdsorbateRecipe {
  readonly unit: string
  readonly above?: SiteRecipe | undefined
  /** Of the unit's lowest atom above the site's atom. */
  readonly height_A?: number | undefined
  readonly bond?:
    | {
        /** An atom of the unit: element and number among the atoms of that element, such as C1. */
        readonly atom: string
        readonly to: SiteRecipe
        readonly length_A: number
      }
    | undefined
  /** About the surface normal; left out, 0 above a site, and for a bonded molecule where it has most room. */
  readonly rotation_deg?: number | undefined
}
