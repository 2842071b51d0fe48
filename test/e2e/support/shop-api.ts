/** What the shop's API answers, as its users see it. */
export interface Product {
  id: string;
  title: string;
  category: string;
  pricePence: number;
  stock: number;
}

export interface Page {
  items: Product[];
  total: number;
  page: number;
  pageSize: number;
}

export interface Problem {
  status: number;
  detail: string;
  errors?: { field: string; message: string }[];
}

export interface Changed {
  product: Product;
  freshness: string;
}

export interface Health {
  status: string;
  details: Record<string, { status: string }>;
}
